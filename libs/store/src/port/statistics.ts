/** A refusal that a caller shows: what is missing, or why it is not done. */
type Unavailable = { unavailable: string };

/** What the planner believes of a table, as the engine dumps it: enough to restore it, and to compare by. */
export interface TableStatistics {
  table: string;
  /** False keeps the engine from gathering statistics by itself. */
  automatic: boolean;
  relation: Record<string, number>;
  /** By column; only columns that have statistics. */
  columns: Record<string, Record<string, string | number | null>>;
}

/** A statement as the engine counts it, since its counters were last reset. */
export interface StatementUse {
  id: string;
  statement: string;
  calls: number;
  totalMs: number;
  tables: { table: string; rows: number; rowsModified: number; analyzedAt: Date | null }[];
}

/** Planner statistics: read, gathered anew, and put back. Unavailable where the engine cannot restore them. */
export interface StatisticsMaintenance {
  statements(options: { limit: number; minCalls: number }): Promise<StatementUse[] | Unavailable>;
  /** Refuses tables with extended statistics, which no engine here can restore. */
  read(table: string): Promise<TableStatistics | Unavailable>;
  /** Gathers them from the rows, and keeps the engine from doing so by itself until `restore` or `setAutomatic`. */
  gather(table: string): Promise<TableStatistics | Unavailable>;
  restore(statistics: TableStatistics): Promise<void | Unavailable>;
  setAutomatic(table: string, automatic: boolean): Promise<void | Unavailable>;
}
