export interface Usage {
  at: Date;
  principal: string;
  /** What was used: `requests`, `tokens`, `bytes`... */
  kind: string;
  amount: number;
}

export interface UsageTotal {
  principal: string;
  kind: string;
  amount: number;
}

/** What a tenant's principals used, added up by UTC day. */
export interface UsageRepository {
  /** Adds amounts to their days. @throws HartoError INPUT_INVALID for one that is negative or not finite */
  record(rows: Usage[]): Promise<void>;
  /** Totals of the days from the one of `from` to the one of `to`, both included, by principal and kind. */
  totals(from: Date, to: Date): Promise<UsageTotal[]>;
}
