export interface ConceptMember {
  atomId: string;
  /** Cosine distance to the centre of the concept. */
  distance: number;
}

export interface NewConcept {
  id: string;
  label: string;
  meanDistance: number;
  members: ConceptMember[];
}

export interface ConceptRow {
  id: string;
  label: string;
  meanDistance: number;
  members: number;
  kept: boolean;
}

export interface ConceptEvent {
  conceptId: string;
  event: 'created' | 'kept' | 'removed';
  actionId: string;
  label: string;
  members: number;
  meanDistance: number;
  at: Date;
}

/** Atoms that lie close together, named. An atom is in one concept at most. */
export interface ConceptRepository {
  /** Atoms with a vector and without a concept, by embedding model. */
  unassigned(): Promise<{ embeddingModel: string; count: number }[]>;
  /** A seeded sample of them with their vectors, row-major; the same seed and rows give the same sample. */
  unassignedVectors(
    embeddingModel: string,
    limit: number,
    seed: string,
  ): Promise<{ atomIds: string[]; dimensions: number; data: Float32Array }>;
  /** Adds the concepts of an action, not kept yet; an atom that has a concept by now keeps it. Repeats add nothing. */
  add(actionId: string, embeddingModel: string, concepts: NewConcept[]): Promise<void>;
  of(actionId: string): Promise<ConceptRow[]>;
  membersOf(actionId: string): Promise<(ConceptMember & { conceptId: string })[]>;
  keep(actionId: string): Promise<number>;
  /** The inverse of `add`. */
  remove(actionId: string): Promise<number>;
  /** What became of the concepts, newest first. */
  evolution(limit: number): Promise<ConceptEvent[]>;
}
