/** A tensor of a model whose weights are kept as a line. */
export interface LayerRow {
  id: string;
  modelId: string;
  /** Order within the model. */
  layerNo: number;
  name: string;
  shape: number[];
  dtype: string;
  quantisation: string | null;
  elements: number;
  /** The layer that this one is a lossy copy of. */
  simplifiedFrom: string | null;
  version: number;
}

export type NewLayer = Omit<LayerRow, 'version' | 'simplifiedFrom'>;

/**
 * Vertices of one piece, four numbers each: x element index (ascending; a lone weight is two equal vertices), y weight,
 * z importance and m time in milliseconds since the epoch, NaN where unknown.
 */
export type LinePiece = Float64Array;

/** Bounds, all inclusive; an absent one does not bind. */
export interface WeightRange {
  indexMin?: number;
  indexMax?: number;
  weightMin?: number;
  weightMax?: number;
  /** A vertex without an importance is in no range that binds it. */
  importanceMin?: number;
  importanceMax?: number;
}

export interface PieceStatistics {
  pieceNo: number;
  vertices: number;
  indexMin: number;
  indexMax: number;
  weightMin: number;
  weightMax: number;
  importanceMin: number | null;
  importanceMax: number | null;
}

/** Vertices to keep, as ascending positions within the piece; the first and the last are always kept. */
export type Simplify = (piece: LinePiece) => ArrayLike<number>;

/** A layer by its singular values, row-major. */
export interface LayerSvd {
  rank: number;
  rows: number;
  columns: number;
  /** rows x rank. */
  u: Float32Array;
  /** rank, descending. */
  s: Float32Array;
  /** rank x columns. */
  vt: Float32Array;
  /** Share of the squared singular values of the full spectrum that these ranks hold, 0 to 1. */
  explained: number;
}

/** Layers of models and their weights as lines, in pieces of at most 65,536 vertices. */
export interface LayerRepository {
  /** False when the model has a layer of this name already. @throws HartoError NOT_FOUND when there is no such model */
  add(layer: NewLayer): Promise<boolean>;
  get(id: string): Promise<LayerRow | null>;
  /** Layers of a model in their order. */
  of(modelId: string): Promise<LayerRow[]>;
  /**
   * Replaces the layer's line, conditional on its version, which rises; null when the layer has moved on. Pieces are
   * read one by one and written in one bulk; how many.
   * @throws HartoError INPUT_INVALID when a piece is no line of the layer's elements
   */
  writeLine(current: Pick<LayerRow, 'id' | 'version'>, pieces: Iterable<LinePiece>): Promise<number | null>;
  /** Statistics of the pieces that may hold a vertex of the range, in their order; no weight is read. */
  pieces(layerId: string, range: WeightRange): Promise<PieceStatistics[]>;
  /**
   * Exactly the vertices of the range, by index, from piece `from` on. Reading ends with the piece that brings them to
   * `limit`; `next` is then the piece to go on from.
   */
  vertices(
    layerId: string,
    range: WeightRange,
    from: number,
    limit: number,
  ): Promise<{ vertices: LinePiece; next: number | null }>;
  /**
   * A lossy copy as a new layer of the same model; the vertices kept. Null when there is no such layer.
   * @throws HartoError STATE_CONFLICT when the name is taken
   */
  simplify(layerId: string, as: { id: string; name: string }, keep: Simplify): Promise<number | null>;
  /**
   * Writes or replaces the decomposition of this rank; false when there is no such layer.
   * @throws HartoError INPUT_INVALID when the arrays do not fit rank, rows and columns
   */
  saveSvd(layerId: string, svd: LayerSvd): Promise<boolean>;
  /** The decomposition of the lowest rank that explains at least so much. */
  svd(layerId: string, explainedMin: number): Promise<LayerSvd | null>;
  /**
   * Removes a layer with its line; false when it was not there.
   * @throws HartoError STATE_CONFLICT while a lossy copy names it
   */
  remove(id: string): Promise<boolean>;
}
