import { HartoError } from '@hartonomous/contracts';

/** `host:port/database`, for messages: never the login. */
export function addressOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new HartoError(
      'CONFIG_INVALID',
      'the store URL is not a URL (postgres://user:password@host:port/database)',
    );
  }
  return `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`;
}
