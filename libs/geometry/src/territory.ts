import { GeometryError } from './geometry-error.js';
import { KdTree } from './kd-tree.js';

/** Whose natural territory (Voronoi region) a point lies in, and how far from its end. */
export interface Territory {
  /** Index of the nearest site; of equal ones the lowest. */
  readonly owner: number;
  readonly distance: number;
  /** The nearest site at another place, or -1 when there is none. */
  readonly runnerUp: number;
  readonly runnerUpDistance: number;
  /** Distance to the border with the runner-up: (d2^2 - d1^2) / (2 * distance of the two sites); Infinity alone. */
  readonly runnerUpBorder: number;
  /** Distance to the nearest border with any site: never more than `runnerUpBorder`. */
  readonly border: number;
  /** The site beyond that nearest border, or -1. */
  readonly borderWith: number;
}

/** Natural territories of sites in any dimension up to 64, Euclidean. */
export class Territories {
  readonly dims: number;
  private readonly sites: Float64Array;
  private readonly tree: KdTree;
  /** Original index of each distinct site: the first at its place. */
  private readonly original: Uint32Array;

  /**
   * O(n log n).
   * @param sites flat, n * dims, n >= 1
   * @throws GeometryError TERRITORY_EMPTY, and those of KdTree
   */
  constructor(sites: Float64Array, dims: number) {
    if (sites.length === 0) throw new GeometryError('TERRITORY_EMPTY', 'no sites');
    const kept = new Map<string, number>();
    const all = new KdTree(sites, dims);
    for (let i = 0; i < all.n; i++) {
      // Adding zero makes -0 and 0 one place.
      const place = Array.from(sites.subarray(i * dims, (i + 1) * dims), (v) => v + 0).join();
      if (!kept.has(place)) kept.set(place, i);
    }
    this.original = Uint32Array.from(kept.values());
    this.sites = new Float64Array(this.original.length * dims);
    this.original.forEach((s, i) => this.sites.set(sites.subarray(s * dims, (s + 1) * dims), i * dims));
    this.dims = dims;
    this.tree = new KdTree(this.sites, dims);
  }

  /** Expected O(log n). @throws GeometryError KDTREE_BAD_QUERY */
  at(point: ArrayLike<number>): Territory {
    const nearest = this.tree.knn(point, 2);
    const distance = nearest.distances[0];
    const ties = this.tree.radius(point, distance).ids;
    const owner = ties.length > 0 ? ties.reduce((a, b) => Math.min(a, b)) : nearest.ids[0];
    if (this.tree.n === 1) {
      return {
        owner: this.original[owner],
        distance,
        runnerUp: -1,
        runnerUpDistance: Infinity,
        runnerUpBorder: Infinity,
        border: Infinity,
        borderWith: -1,
      };
    }
    const second = nearest.ids[0] === owner ? 1 : nearest.ids[1] === owner ? 0 : 1;
    const runnerUpBorder = this.borderDistance(point, owner, nearest.ids[second]);
    let border = runnerUpBorder;
    let borderWith = nearest.ids[second];
    // A site at distance d has its border at (d - distance) / 2 or farther, so only this ball can do better.
    for (const rival of this.tree.radius(point, distance + 2 * runnerUpBorder * (1 + 1e-12)).ids) {
      if (rival === owner) continue;
      const candidate = this.borderDistance(point, owner, rival);
      if (candidate < border || (candidate === border && rival < borderWith)) {
        border = candidate;
        borderWith = rival;
      }
    }
    return {
      owner: this.original[owner],
      distance,
      runnerUp: this.original[nearest.ids[second]],
      runnerUpDistance: nearest.distances[second],
      runnerUpBorder,
      border,
      borderWith: this.original[borderWith],
    };
  }

  /** (dj^2 - di^2) / (2 |si - sj|), written as a projection, which keeps its digits far from both sites. */
  private borderDistance(point: ArrayLike<number>, own: number, rival: number): number {
    const { dims, sites } = this;
    let along = 0;
    let length2 = 0;
    for (let d = 0; d < dims; d++) {
      const a = sites[own * dims + d];
      const b = sites[rival * dims + d];
      along += (a + (b - a) / 2 - point[d]) * (b - a);
      length2 += (b - a) * (b - a);
    }
    return Math.max(0, along / Math.sqrt(length2));
  }
}
