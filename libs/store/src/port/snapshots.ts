export interface WeightSnapshot {
  id: string;
  modelId: string;
  label: string;
  /** Tensor atoms of the model. */
  baseRows: number;
  /** Rows of its overlay. */
  overlayRows: number;
  /** Hex SHA-256 over the rows with their atoms' content hashes. */
  hash: string;
  takenBy: string;
  takenAt: Date;
}

/** Copies of a model's own rows, tensor atoms and overlay, each with a hash; taken and put back set-based. */
export interface SnapshotRepository {
  /** @throws HartoError NOT_FOUND when there is no such model */
  take(modelId: string, input: { label: string; by: string }): Promise<WeightSnapshot>;
  /** Newest first; of one model, or of all. */
  list(modelId: string | null, limit: number): Promise<WeightSnapshot[]>;
  get(id: string): Promise<WeightSnapshot | null>;
  /** Hashes the kept rows again, and the model's present ones. Null when there is no such snapshot. */
  verify(id: string): Promise<{ snapshot: WeightSnapshot; whole: boolean; current: boolean } | null>;
  /**
   * Puts the model's rows back as they were; all or nothing. Overlay rows that go move into their history.
   * @throws HartoError NOT_FOUND, STORE_CORRUPT when the kept rows are not what was taken, STATE_CONFLICT when an atom
   * of them is no longer held
   */
  restore(id: string): Promise<WeightSnapshot>;
  /** Forgets a snapshot; whether it was there. */
  remove(id: string): Promise<boolean>;
}
