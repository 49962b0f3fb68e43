export { NumericsError } from './errors.js';
export type { Floats } from './preconditions.js';
export {
  createRng,
  drawBeta,
  drawExponential,
  drawGamma,
  drawInteger,
  drawLogGamma,
  drawNormal,
  fillNormal,
  resumeRng,
  sampleIndices,
  shuffle,
  type Rng,
  type RngState,
  type SeededRng,
} from './random.js';
export {
  addToMoments,
  emptyMoments,
  mergeMoments,
  momentsOf,
  populationVariance,
  sampleDeviation,
  sampleVariance,
  type Moments,
} from './welford.js';
export {
  MAD_TO_SIGMA,
  median,
  medianAbsoluteDeviation,
  quantile,
  quantiles,
  quantileSorted,
  robustZ,
  selectInPlace,
} from './quantile.js';
export { normalCdf, normalQuantile } from './normal-distribution.js';
export { TDigest, type TDigestData } from './t-digest.js';
export { wilsonInterval, type Interval } from './wilson.js';
export { hodgesLehmann, hodgesLehmannShift, signedRankPValue, walshInterval } from './hodges-lehmann.js';
export {
  anytimeInterval,
  bernoulliEValue,
  createEProcess,
  DEFAULT_BETS,
  eValue,
  eValueOf,
  logEValue,
  updateEProcess,
  type AnytimeIntervalOptions,
  type EProcess,
} from './e-process.js';
export {
  blockBootstrap,
  circularBlockBootstrap,
  type BootstrapOptions,
  type BootstrapResult,
} from './bootstrap.js';
export { addLogit, emptySoftmax, logSumExp, mergeSoftmax, softmax, type SoftmaxState } from './softmax.js';
export {
  averagePathLength,
  fitIsolationForest,
  isolationPathLengths,
  isolationScores,
  type IsolationForest,
  type IsolationForestOptions,
} from './isolation-forest.js';
export { allNearestNeighbours, nearestNeighbours, type Neighbours } from './nearest-neighbours.js';
export { fitLof, localOutlierFactor, scoreLof, type LofModel, type LofOptions } from './lof.js';
export { dbscan, NOISE, type DbscanOptions, type DbscanResult, type Metric } from './dbscan.js';
export {
  assignToCentroids,
  kMeans,
  kMeansPlusPlus,
  type KMeansOptions,
  type KMeansResult,
} from './k-means.js';
export { buildGraph, type Graph } from './graph.js';
export { pageRank, type PageRankOptions, type PageRankResult } from './pagerank.js';
export { orientRows, symmetricEigen, type SymmetricEigen } from './symmetric-eigen.js';
export { leadingEigen } from './leading-eigen.js';
export {
  classicalMds,
  euclideanRows,
  farthestFirst,
  fitLandmarkMds,
  placeByLandmarks,
  stress,
  type DistanceRow,
  type LandmarkMds,
  type MdsResult,
} from './mds.js';
export { jaccard, jaccardSorted, weightedJaccard } from './jaccard.js';
export { levenshtein, levenshteinSequences, levenshteinSimilarity } from './levenshtein.js';
export {
  createMinHashFamily,
  hashToken,
  minHash,
  minHashCandidates,
  minHashSimilarity,
  shingleHashes,
  type MinHashFamily,
} from './minhash.js';
export {
  applyClampedAffine,
  applyToAll,
  composeClampedAffine,
  foldClampedAffine,
  type ClampedAffine,
} from './clamped-affine.js';
export { fitMahalanobis, mahalanobisDistances, type MahalanobisModel } from './mahalanobis.js';
export { cholesky, solveLower } from './cholesky.js';
export {
  createCusum,
  createPageHinkley,
  cusum,
  pageHinkley,
  updateCusum,
  updatePageHinkley,
  type ChangePoint,
  type CusumOptions,
  type CusumState,
  type PageHinkleyOptions,
  type PageHinkleyState,
} from './change-detection.js';
export { dijkstra, pathTo, type ShortestPaths } from './dijkstra.js';
export { strongComponents, type StrongComponents } from './strong-components.js';
export {
  fitAutoregression,
  forecastAutoregression,
  selectArOrder,
  type ArMethod,
  type ArModel,
  type Forecast,
} from './autoregression.js';
export {
  centredMovingAverage,
  exponentialMovingAverage,
  movingAverage,
  removeSeason,
  seasonalMedians,
  type SeasonalMedians,
} from './smoothing.js';
export {
  findMotifs,
  matrixProfile,
  windowDistance,
  type MatrixProfile,
  type Motif,
} from './matrix-profile.js';
export { integrate, type Derivative, type StepMethod, type Trajectory } from './integration.js';
export { bisect, newtonRaphson, type RootOptions, type RootResult } from './roots.js';
export {
  adamStep,
  adamStepRows,
  clipByGlobalNorm,
  createAdam,
  createSgd,
  sgdStep,
  type AdamOptions,
  type AdamState,
  type SgdOptions,
  type SgdState,
} from './optimizers.js';
export {
  constantSchedule,
  cosineSchedule,
  createEarlyStopping,
  hasPlateaued,
  linearSchedule,
  shouldStop,
  stepSchedule,
  warmUpSchedule,
  type EarlyStopping,
  type Schedule,
} from './schedules.js';
export { svd, type Svd } from './svd.js';
export { truncatedSvd, type TruncatedSvdOptions } from './truncated-svd.js';
export { fitPca, projectPca, type Pca } from './pca.js';
export {
  applyProcrustes,
  canonicalCorrelation,
  fitProcrustes,
  type Cca,
  type Procrustes,
  type ProcrustesOptions,
} from './alignment.js';
export {
  geometricMedian,
  type GeometricMedianOptions,
  type GeometricMedianResult,
} from './geometric-median.js';
export {
  emptyGradientStatistics,
  gradientHealth,
  gradientStatistics,
  mergeGradientStatistics,
  rowNorms,
  type GradientHealth,
  type GradientStatistics,
} from './gradient-statistics.js';
export { simdAvailable, type Engine } from './wasm/kernels.js';
export {
  createDotScan,
  createHammingScan,
  createInt8Scan,
  normaliseRows,
  packSigns,
  selectTop,
  type VectorScan,
} from './vector-scan.js';
export { multiplyF32, multiplyF64, type ProductOptions } from './matrix-product.js';
export { updateClamped, updateClampedComposed, type ClampedSamples } from './clamped-update.js';
