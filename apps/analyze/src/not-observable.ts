/** What nothing in the store can answer: "no data" is neither a finding nor its absence. */
export const notObservable = [
  'use of weights: nothing records when tensor atoms are used; weak ones are told by norm, importance and the age of their model',
  'dead atoms: none can be left, the places of an atom go with its last reference',
];
