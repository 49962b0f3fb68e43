// Peer of the k-NN benchmark: nanoflann on points and queries read from standard input.
// Input: int32 n, q, k, runs; then n*3 and q*3 float64. Output: one line of JSON with CPU milliseconds per run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <nanoflann.hpp>
#include <vector>

struct Cloud {
  std::vector<double> xyz;
  size_t kdtree_get_point_count() const { return xyz.size() / 3; }
  double kdtree_get_pt(size_t i, size_t d) const { return xyz[3 * i + d]; }
  template <class Box> bool kdtree_get_bbox(Box &) const { return false; }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<double, Cloud>, Cloud, 3, uint32_t>;

static double cpuMs() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main() {
  int32_t head[4];
  if (fread(head, sizeof head, 1, stdin) != 1) return 1;
  const size_t n = head[0], q = head[1], k = head[2], runs = head[3];
  Cloud cloud;
  cloud.xyz.resize(3 * n);
  std::vector<double> queries(3 * q);
  if (fread(cloud.xyz.data(), 8, 3 * n, stdin) != 3 * n) return 1;
  if (fread(queries.data(), 8, 3 * q, stdin) != 3 * q) return 1;
  std::vector<uint32_t> ids(k);
  std::vector<double> dist2(k);
  double checksum = 0;
  printf("{\"buildMs\":[");
  for (size_t r = 0; r < runs; r++) {
    double start = cpuMs();
    Tree tree(3, cloud, nanoflann::KDTreeSingleIndexAdaptorParams(10));
    tree.buildIndex();
    printf("%s%.4f", r ? "," : "", cpuMs() - start);
  }
  printf("],\"queryMs\":[");
  Tree tree(3, cloud, nanoflann::KDTreeSingleIndexAdaptorParams(10));
  tree.buildIndex();
  for (size_t r = 0; r < runs; r++) {
    double start = cpuMs();
    checksum = 0;
    for (size_t i = 0; i < q; i++) {
      size_t found = tree.knnSearch(&queries[3 * i], k, ids.data(), dist2.data());
      for (size_t j = 0; j < found; j++) checksum += dist2[j];
    }
    printf("%s%.4f", r ? "," : "", cpuMs() - start);
  }
  printf("],\"checksum\":%.17g,\"version\":\"%x.%x.%x\"}\n", checksum, NANOFLANN_VERSION >> 8, (NANOFLANN_VERSION >> 4) & 15, NANOFLANN_VERSION & 15);
  return 0;
}
