import { GeometryError } from './geometry-error.js';
import type { KdTree } from './kd-tree.js';
import { distanceToBox } from './map-space.js';
import type { Polytope } from './polytope.js';
import { euclidean } from './vectors.js';

/**
 * A region as A* needs it. `distance` is 0 exactly inside, never more than the true Euclidean distance, and never
 * falls by more than the length of a step (1-Lipschitz): then it is an admissible, consistent heuristic.
 */
export interface Region {
  distance(point: ArrayLike<number>): number;
}

/** A closed ball. @throws GeometryError REGION_BAD_RADIUS */
export function ballRegion(centre: ArrayLike<number>, radius: number): Region {
  if (!(radius >= 0)) throw new GeometryError('REGION_BAD_RADIUS', 'a radius is not negative', { radius });
  return { distance: (point) => Math.max(0, euclidean(point, centre) - radius) };
}

/** A closed axis-aligned box. @throws on use, as distanceToBox */
export function boxRegion(min: ArrayLike<number>, max: ArrayLike<number>): Region {
  return { distance: (point) => distanceToBox(point, min, max) };
}

/** The places of a k-d tree's points (Euclidean): inside means at one of them. @throws GeometryError REGION_EMPTY */
export function placesRegion(places: KdTree): Region {
  if (places.n === 0 || places.metric !== 'euclidean') {
    throw new GeometryError('REGION_EMPTY', 'needs a Euclidean tree with a point', { n: places.n });
  }
  return { distance: (point) => places.knn(point, 1).distances[0] };
}

/**
 * A convex body. The distance is the largest height over a face plane: at most the true one. O(faces) per call.
 * @throws GeometryError HULL_NO_BODY
 */
export function polytopeRegion({ points, hull }: Polytope): Region {
  if (hull.dimension !== 3)
    throw new GeometryError('HULL_NO_BODY', 'the hull is flat', { dimension: hull.dimension });
  const planes: number[] = [];
  for (let f = 0; f < hull.faces.length; f += 3) {
    const [a, b, c] = [0, 1, 2].map((i) => points.subarray(3 * hull.faces[f + i], 3 * hull.faces[f + i] + 3));
    const nx = (b[1] - a[1]) * (c[2] - a[2]) - (b[2] - a[2]) * (c[1] - a[1]);
    const ny = (b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2]);
    const nz = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    const length = Math.hypot(nx, ny, nz);
    planes.push(nx / length, ny / length, nz / length, a[0], a[1], a[2]);
  }
  return {
    distance(p) {
      let most = 0;
      for (let s = 0; s < planes.length; s += 6) {
        const height =
          planes[s] * (p[0] - planes[s + 3]) +
          planes[s + 1] * (p[1] - planes[s + 4]) +
          planes[s + 2] * (p[2] - planes[s + 5]);
        if (height > most) most = height;
      }
      return most;
    },
  };
}
