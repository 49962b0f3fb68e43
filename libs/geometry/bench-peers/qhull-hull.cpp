// Peer of the hull benchmark: qhull (reentrant library, default options). Standard input: int32 n, dims; n*dims
// float64; then one byte per run. Each run prints "CPU milliseconds, number of extreme points".
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>
extern "C" {
#include <libqhull_r/qhull_ra.h>
}

static double cpuMs() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main() {
  int32_t head[2];
  if (fread(head, sizeof head, 1, stdin) != 1) return 1;
  const size_t n = head[0], dims = head[1];
  std::vector<double> points(n * dims);
  if (fread(points.data(), 8, points.size(), stdin) != points.size()) return 1;
  char options[] = "qhull";
  while (getchar() != EOF) {
    const double start = cpuMs();
    qhT hull;
    qh_zero(&hull, stderr);
    const int failed = qh_new_qhull(&hull, dims, n, points.data(), False, options, nullptr, stderr);
    const int vertices = failed ? -1 : hull.num_vertices;
    qh_freeqhull(&hull, !qh_ALL);
    int curlong, totlong;
    qh_memfreeshort(&hull, &curlong, &totlong);
    printf("%.4f %d\n", cpuMs() - start, vertices);
    fflush(stdout);
  }
}
