declare module 'static-kdtree' {
  interface StaticKdTree {
    knn(point: ArrayLike<number>, k: number): number[];
  }
  function createKdTree(points: ArrayLike<ArrayLike<number>>): StaticKdTree;
  export default createKdTree;
}
