import { HartoError } from '@hartonomous/contracts';
import { readConfig } from './config.js';
import { GatewayClient } from './gateway-client.js';
import { keysFile, readKeys, readRun, runningSupervisor } from './installation.js';

/** The gateway of this installation under one of its principals, or the one that HARTO_URL and HARTO_KEY name. */
export function connect(principal: string): GatewayClient {
  const config = readConfig();
  const url = config.gatewayUrl ?? localGateway(config.home);
  if (config.key) return new GatewayClient(url, config.key);
  const keys = readKeys(config.home)?.keys;
  if (!keys)
    throw new HartoError(
      'AUTH_MISSING',
      `no keys in ${keysFile(config.home)}: set HARTO_KEY, or start with npm start`,
    );
  const key = Object.hasOwn(keys, principal) ? keys[principal] : undefined;
  if (!key) {
    throw new HartoError('USAGE_WRONG', `no principal ${principal}; known: ${Object.keys(keys).join(', ')}`);
  }
  return new GatewayClient(url, key);
}

function localGateway(home: string): string {
  const run = readRun(home);
  if (!run || runningSupervisor(home) === null) {
    throw new HartoError(
      'GATEWAY_UNREACHABLE',
      'nothing is running here: start it with npm start, or set HARTO_URL',
    );
  }
  return run.console;
}
