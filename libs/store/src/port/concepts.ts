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

/** A concept with all that a successor takes from it: enough to put it back. */
export interface HeldConcept {
  id: string;
  embeddingModel: string;
  label: string;
  meanDistance: number;
  actionId: string;
  kept: boolean;
  members: ConceptMember[];
}

/** The members of a kept concept as their vectors are now; a member without a vector is left out. */
export interface ConceptVectors {
  id: string;
  embeddingModel: string;
  label: string;
  /** Mean distance of the members when they were last measured. */
  meanDistance: number;
  atomIds: string[];
  dimensions: number;
  /** Row-major, atomIds.length x dimensions. */
  data: Float32Array;
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
  /** Kept concepts, all counted; at most `limit` of them, a seeded sample, with the vectors of their members. */
  keptVectors(limit: number, seed: string): Promise<{ total: number; concepts: ConceptVectors[] }>;
  /** The vectors of these atoms; one without a vector is left out. */
  vectorsOf(
    embeddingModel: string,
    atomIds: string[],
  ): Promise<Pick<ConceptVectors, 'atomIds' | 'dimensions' | 'data'>>;
  /** A concept with its members; null when there is none. */
  held(conceptId: string): Promise<HeldConcept | null>;
  /**
   * Puts a successor in the place of a concept: it takes these members over, the others are left without a concept.
   * Nothing is removed yet; a repeat changes nothing.
   */
  succeed(actionId: string, conceptId: string, successor: NewConcept): Promise<void>;
  /** Removes a concept that a kept successor took the place of. */
  retire(conceptId: string): Promise<void>;
  /** The inverse of `succeed` and `retire`: the action's successor goes, the concept is as it was. */
  giveBack(actionId: string, held: HeldConcept): Promise<void>;
  /** What became of the concepts, newest first. */
  evolution(limit: number): Promise<ConceptEvent[]>;
}
