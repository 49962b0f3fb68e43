/** Observations that nothing in the store can answer: "no data" is neither a finding nor its absence. */
export const notObservable = [
  'unusual inputs: the embeddings of requests are not stored',
  'size classes of requests: their tokens are not recorded',
  'weak weights: nothing records when tensor atoms are used',
  'journeys by length and DTW distance: only their ends and steps are read',
];
