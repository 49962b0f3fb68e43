"""Native peers of the benchmarks, one process per case. Reads little-endian doubles and commands on standard input,
answers one JSON line per command with the CPU time (user + system) of one run in milliseconds."""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np


def dbscan(points, epsilon, min_points):
    from sklearn.cluster import DBSCAN

    return lambda: DBSCAN(eps=epsilon, min_samples=int(min_points)).fit(points).labels_.max() + 1


def lof(points, k, _):
    from sklearn.neighbors import LocalOutlierFactor

    return lambda: float(-LocalOutlierFactor(n_neighbors=int(k)).fit(points).negative_outlier_factor_.min())


def svd(points, rank, passes):
    """Randomised range finder of Halko, Martinsson and Tropp in single precision, QR after every product."""
    matrix = points.astype(np.float32)
    generator = np.random.default_rng(1)

    def run():
        sample = generator.standard_normal((matrix.shape[1], int(rank) + 10), dtype=np.float32)
        basis = np.linalg.qr(matrix @ sample)[0]
        for _ in range(int(passes)):
            basis = np.linalg.qr(matrix @ np.linalg.qr(matrix.T @ basis)[0])[0]
        values = np.linalg.svd(basis.T @ matrix, full_matrices=False)[1]
        return float(values[0])

    return run


def gradients(points, _, __):
    matrix = points.astype(np.float32)

    def run():
        norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
        return float(norms.mean() + norms.min() + norms.max() + norms.std())

    return run


def dot(points, _, __):
    matrix = points.astype(np.float32)
    query = matrix[0].copy()
    return lambda: float((matrix @ query)[1])


def gemm(points, _, __):
    matrix = points.astype(np.float32)
    return lambda: float((matrix @ matrix)[0, 0])


CASES = {case.__name__: case for case in (dbscan, lof, svd, gradients, dot, gemm)}


def versions(name):
    found = {"python": sys.version.split()[0], "numpy": np.__version__}
    if name in ("dbscan", "lof"):
        import sklearn

        found["scikit-learn"] = sklearn.__version__
    return found


def main():
    name, rows, dim, first, second = sys.argv[1], *map(float, sys.argv[2:6])
    print(json.dumps({"versions": versions(name)}), flush=True)
    count = int(rows) * int(dim)
    data = sys.stdin.buffer.read(8 * count)
    points = np.frombuffer(data, dtype="<f8").reshape(int(rows), int(dim))
    run = CASES[name](points, first, second)
    run()
    for _ in sys.stdin.buffer:
        started = time.process_time()
        result = run()
        print(json.dumps({"cpuMs": (time.process_time() - started) * 1000, "result": float(result)}), flush=True)


main()
