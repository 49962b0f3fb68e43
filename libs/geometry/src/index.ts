export { GeometryError } from './geometry-error.js';
export {
  MAP_BOX,
  MAP_DIMS,
  clampToMap,
  distance3,
  distanceToBox,
  distanceToPath,
  distanceToSegment,
  isInMap,
  nearestOnSegment,
  type NearestOnPath,
} from './map-space.js';
export { incircle, insphere, orient2d, orient3d } from './predicates.js';
export {
  add,
  cosine,
  dot,
  euclidean,
  lerp,
  mean,
  norm,
  normalise,
  scale,
  subtract,
  type Vector,
} from './vectors.js';
export { bigintToKey, compareKeys, keyToBigint, orderByKey, type CurveKey } from './curve-key.js';
export { MAX_CURVE_BITS, curveDims, decodeKeys, encodeCells, type CurveName } from './curve-cells.js';
export { morton2Decode, morton2Encode, morton3Decode, morton3Encode } from './morton.js';
export { hilbert2Decode, hilbert2Encode, hilbert3Decode, hilbert3Encode } from './hilbert.js';
export { boxRanges, type KeyRanges } from './curve-ranges.js';
export {
  MAP_KEY_BITS,
  MAP_KEY_CELL,
  hilbertKey,
  hilbertKeyCentre,
  hilbertKeys,
  mapBoxRanges,
} from './map-key.js';
export { KdTree, NO_NEIGHBOUR, type AxisMetric, type NeighbourTable, type Neighbours } from './kd-tree.js';
export { BallTree, type Metric } from './ball-tree.js';
export { GrowingIndex } from './growing-index.js';
export { convexHull2 } from './hull2.js';
export { convexHull3, type ConvexHull3 } from './hull3.js';
export {
  pointInPolygon,
  polygonArea,
  polygonCentroid,
  polygonOverlap,
  type Overlap,
  type Side,
} from './polygon.js';
export {
  pointInPolytope,
  polytopeCentroid,
  polytopeOverlap,
  polytopeSurface,
  polytopeVolume,
  type Polytope,
} from './polytope.js';
export { delaunay, nextHalfedge, validateDelaunay, type Delaunay } from './delaunay.js';
export {
  barycentric,
  interpolate,
  locateTriangle,
  voronoiCell,
  voronoiCells,
  type VoronoiCells,
} from './voronoi.js';
export { Territories, type Territory } from './territory.js';
export { ballRegion, boxRegion, placesRegion, polytopeRegion, type Region } from './region.js';
export {
  findPath,
  nearestGraph,
  radiusGraph,
  type NeighbourhoodGraph,
  type SearchOptions,
  type SearchResult,
} from './astar.js';
export { pathLength, resamplePath, turningPoints } from './path.js';
export {
  dtwAlignment,
  dtwDistance,
  frechetAtMost,
  frechetDiscrete,
  frechetDistance,
  type Alignment,
} from './path-distance.js';
export { simplifyDouglasPeucker, simplifyVisvalingam } from './simplify.js';
export { POINT_TEXT_LIMIT, parsePoints, pointCloudFromText, type TextCloud } from './point-cloud.js';
export { meanRangeCount, measureLocality, type LocalityReport } from './locality.js';
export {
  fillSimplified,
  lineFromSegment,
  pieceBounds,
  segmentFromLine,
  type LineZm,
  type TensorSegment,
  type WeightRun,
} from './weight-line.js';
export { lineFromWkb, lineToWkb, type WkbFlavour } from './line-wkb.js';
export { lineFromMssql, lineToMssql } from './line-mssql.js';
