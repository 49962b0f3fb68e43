import type { PlacedAtom } from './models.js';

/** Address of a tensor atom within its model. */
export interface TensorPlace extends PlacedAtom {
  tensorNo: number;
  segmentNo: number;
}

export interface TensorAtom extends TensorPlace {
  importance: number;
  valueMin: number | null;
  valueMax: number | null;
  valueNorm: number | null;
}

export type WeightChange = TensorPlace & Pick<TensorAtom, 'importance'>;

export interface Distillation {
  teacherId: string;
  studentId: string;
  fromImportance: number;
  rowsCopied: number;
  at: Date;
}

/** Tensor atoms of one model that were found wanting. */
export interface WantingAtoms {
  modelId: string;
  /** Since when the model is there: what is known of use where nothing records it. */
  modelSince: Date;
  /** All of them, and those of them that have a time of their last use. */
  count: number;
  timed: number;
  /** All tensor atoms of the model that were compared. */
  compared: number;
  /** The least important of them, first. */
  atomIds: string[];
}

/** Tensor atoms of a model in bulk: millions of rows, each call one staged load and one statement. */
export interface TensorRepository {
  /** New rows of atoms that the tenant holds; places are clamped to the box. Rows are read one by one. */
  load(modelId: string, rows: Iterable<TensorAtom>): Promise<number>;
  /** Places and importances of rows that are there; the rows changed. A trained version has overlays instead. */
  updateWeights(modelId: string, rows: Iterable<WeightChange>): Promise<number>;
  /** The k tensor atoms of the base nearest to a point in the 3-D box, exact. */
  nearest(modelId: string, point: [number, number, number], k: number): Promise<TensorPlace[]>;
  /** Takes the rows below an importance into the archive, under a name by which `restore` finds them. */
  prune(modelId: string, pruneId: string, belowImportance: number): Promise<number>;
  /** The inverse of `prune`; a row that was placed anew since keeps its new place. */
  restore(pruneId: string): Promise<number>;
  /** A new model with the teacher's rows from an importance on, written down in the log of distillations. */
  copyStudent(modelId: string, studentId: string, name: string, fromImportance: number): Promise<number>;
  /**
   * Weights whose norm is below a share of their tensor's root mean square, or whose importance lies so many standard
   * deviations below its mean, not used since; where use is not recorded, those of models that are there since.
   */
  weak(options: {
    normShare: number;
    deviations: number;
    unusedSince: Date;
    idsMax: number;
  }): Promise<WantingAtoms[]>;
  /** Which students came of this model, and of which teacher it came itself; newest first. */
  distillations(modelId: string, limit: number): Promise<Distillation[]>;
}
