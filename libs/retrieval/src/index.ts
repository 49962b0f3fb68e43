export {
  ingestCorpus,
  type IngestOptions,
  type IngestProgress,
  type IngestResult,
  type IngestSkip,
} from './ingest/ingest-corpus.js';
export { defaultCorpusRoots } from './ingest/default-roots.js';
export { type CorpusRoot } from './ingest/source-walk.js';
export { mineWorkload, type MineOptions } from './ingest/mine-workload.js';
export { projectCorpus, type ProjectionResult } from './map/project-corpus.js';
export { type MapReport } from './map/map-quality.js';
export {
  LANDMARKS,
  MapPlacer,
  decodeLandmarks,
  encodeLandmarks,
  fitLandmarks,
  type LandmarkData,
} from './map/landmark-set.js';
export { SERVING_ALIAS, resolveModel } from './search/model-reference.js';
export {
  createSearch,
  type ComputedAnswer,
  type SearchService,
  type ServeContext,
  type Served,
} from './search/create-search.js';
export { canonicalRequest, inputHashOf } from './search/input-hash.js';
export { type SearchAnswer, type SearchContext } from './search/search-atoms.js';
export { type Fusion } from './search/fusion.js';
export { RequestRecorder, type RecorderOptions } from './search/request-recorder.js';
export type { MinedQuery } from '@hartonomous/corpus';
