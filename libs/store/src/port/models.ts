export interface LandmarkSet {
  id: string;
  embeddingModel: string;
  version: number;
  seed: number;
  /** The projector's own serialised form. */
  data: Buffer;
  report: Record<string, number>;
}

export interface PlacedAtom {
  atomId: string;
  x: number;
  y: number;
  z: number;
  /** Non-negative 63-bit key. */
  hilbert: bigint;
}

export interface MapRepository {
  latestLandmarkSet(embeddingModel: string): Promise<LandmarkSet | null>;
  saveLandmarkSet(set: Omit<LandmarkSet, 'id' | 'version'>): Promise<LandmarkSet>;
  /** Staged bulk write of the base positions of a model's atoms (tensor_atom). */
  placeAtoms(modelId: string, rows: PlacedAtom[]): Promise<number>;
  /** Atoms of the tenant that the model has not placed yet. */
  unplaced(modelId: string, limit: number): Promise<string[]>;
  /** Effective places under a version: its overlay, else its parents', else the base. */
  positions(versionId: string, atomIds: string[]): Promise<PlacedAtom[]>;
  /** The k atoms nearest to a point in the 3-D box, exact. */
  nearest(versionId: string, point: [number, number, number], k: number): Promise<PlacedAtom[]>;
  countPlaced(modelId: string): Promise<number>;
}

export interface ModelRow {
  id: string;
  name: string;
  architecture: string;
  parentId: string | null;
  version: number;
  status: 'ready' | 'candidate' | 'retired';
  /** Weights of the position terms of the score. */
  ranking: { a: number; b: number; sigma: number };
}

/** A span [from, until) in which an alias named a version. */
export interface AliasSpan {
  modelId: string;
  previousModelId: string | null;
  by: string;
  why: string;
  from: Date;
  /** Null while it is true. */
  until: Date | null;
}

export interface ModelRepository {
  /** The corpus's native model; created at first use, idempotent. */
  ensureNative(): Promise<ModelRow>;
  get(id: string): Promise<ModelRow | null>;
  list(): Promise<ModelRow[]>;
  /** The version that an alias names now, or named at an instant. */
  resolve(alias: string, asOf?: Date): Promise<ModelRow | null>;
  /** What the alias has named, newest first: the first row may still be true. At most `limit`. */
  aliasHistory(alias: string, limit: number): Promise<AliasSpan[]>;
  /** All aliases with what they name now, by name. */
  aliases(): Promise<(AliasSpan & { alias: string })[]>;
  /** Holds the alias until the transaction ends, so that what is decided by what it names stays true. */
  lockAlias(alias: string): Promise<void>;
  setAlias(alias: string, modelId: string, by: string, why: string): Promise<void>;
}
