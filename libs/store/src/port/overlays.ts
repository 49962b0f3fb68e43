import type { ModelRow, PlacedAtom } from './models.js';

/** A version's own row of an atom; 0 and 0 address the atoms of a native model. */
export interface OverlayRow extends PlacedAtom {
  tensorNo: number;
  segmentNo: number;
  coefficient: number;
}

/** Versions are overlays: a trainer writes its version's rows only, and undo is dropping them. */
export interface OverlayRepository {
  /** A candidate below `parentId`, without rows of its own; `producedBy` is the action or computation that made it. */
  createVersion(parentId: string, ranking?: ModelRow['ranking'], producedBy?: string): Promise<ModelRow>;
  /** Staged bulk write; x, y and z are clamped to the box. Replaced rows go to history in the same statement. */
  write(versionId: string, rows: OverlayRow[]): Promise<number>;
  /** Takes the version's rows away, into history; the inverse of every `write`. */
  drop(versionId: string): Promise<number>;
  /** The version's own rows, now or as they were at an instant, by atom, tensor and segment. */
  read(versionId: string, asOf?: Date): Promise<OverlayRow[]>;
  /** Effective places as they were at an instant: the version's row then, else its parents', else the base. */
  positionsAsOf(versionId: string, atomIds: string[], at: Date): Promise<PlacedAtom[]>;
  /** Drops history that ended before this instant; the rows dropped. */
  pruneHistory(before: Date): Promise<number>;
}
