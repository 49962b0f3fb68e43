/** Logins of one store; an absent one falls back to `url`, except the superuser, which stays absent. */
export interface StoreUrls {
  /** Application's login: row-level security applies to it. `postgres://` or `mssql://`. */
  url: string;
  /** The plumbing's login: sees across tenants, in its own tables only. */
  systemUrl?: string;
  /** Owner of the tables: migrations and indexes. */
  maintenanceUrl?: string;
  /** Where the deployment has it (the embedded cluster): hides indexes for a replay. */
  superuserUrl?: string;
}

export interface StoreOptions extends StoreUrls {
  /** Connections of the application's pool; the others have a few each. */
  poolSize?: number;
  applicationName?: string;
}
