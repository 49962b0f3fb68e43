/** The shape of a code atom. */
export interface CodeShape {
  atomId: string;
  path: string;
  symbol: string;
  language: string;
  /** Hex SHA-256 of the normalised code: its tokens without names and literals. */
  astSignature: string;
  /** MinHash signature of its tokens. */
  minhash: Buffer;
}

export interface CloneGroup {
  language: string;
  astSignature: string;
  atoms: number;
}

export interface CodeRepository {
  /** Writes or replaces the shapes of atoms that the tenant holds; how many. They go when the atom goes. */
  put(rows: CodeShape[]): Promise<number>;
  /** Code atoms of the tenant of at least so many bytes that have no shape yet, by id. */
  unshaped(bytesMin: number, limit: number): Promise<string[]>;
  /** Code atoms of at least so many bytes, and shapes of code atoms. */
  sizes(bytesMin: number): Promise<{ atoms: number; shaped: number }>;
  /** Pages of all shapes in the order of atom ids; `after` is the last id of the page before. */
  minhashes(after: string | null, limit: number): Promise<Omit<CodeShape, 'path' | 'symbol'>[]>;
  of(atomIds: string[]): Promise<CodeShape[]>;
  /** Signatures that at least `atomsMin` atoms of one language share, most first. */
  clones(atomsMin: number, limit: number): Promise<CloneGroup[]>;
  /** The atoms of a signature, by path and symbol. */
  withSignature(astSignature: string, limit: number): Promise<CodeShape[]>;
}
