// Peer of the k-NN benchmark: nanoflann. Standard input: int32 n, q, k; n*3 and q*3 float64; then one byte per run:
// 'b' builds the index, 'q' answers all queries. Each run prints "CPU milliseconds, checksum of distances".
#include <cstdint>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
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
  int32_t head[3];
  if (fread(head, sizeof head, 1, stdin) != 1) return 1;
  const size_t n = head[0], q = head[1], k = head[2];
  Cloud cloud;
  cloud.xyz.resize(3 * n);
  std::vector<double> queries(3 * q), dist2(k);
  std::vector<uint32_t> ids(k);
  if (fread(cloud.xyz.data(), 8, 3 * n, stdin) != 3 * n) return 1;
  if (fread(queries.data(), 8, 3 * q, stdin) != 3 * q) return 1;
  const nanoflann::KDTreeSingleIndexAdaptorParams params(10);
  Tree tree(3, cloud, params);
  tree.buildIndex();
  for (int command; (command = getchar()) != EOF;) {
    double checksum = 0, start = cpuMs();
    if (command == 'b') {
      Tree fresh(3, cloud, params);
      fresh.buildIndex();
      checksum = static_cast<double>(fresh.size(fresh));
    } else {
      for (size_t i = 0; i < q; i++) {
        const size_t found = tree.knnSearch(&queries[3 * i], k, ids.data(), dist2.data());
        for (size_t j = 0; j < found; j++) checksum += std::sqrt(dist2[j]);
      }
    }
    printf("%.4f %.17g\n", cpuMs() - start, checksum);
    fflush(stdout);
  }
}
