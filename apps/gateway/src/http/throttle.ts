import { HartoError } from '@hartonomous/contracts';
import type { NextFunction, Request, Response } from 'express';
import { hashKey, presentedKey } from './identity.js';
import { TokenBuckets } from './token-buckets.js';

const namesMax = 10_000;
const perKey = { perSecond: 200, burst: 1_000, namesMax };
/** Wider than a key's: an address may be a proxy, or one machine with many programs. */
const perAddress = { perSecond: 400, burst: 2_000, namesMax };
/** Asking for and redeeming sign-in links: people do that, rarely. */
const perSignIn = { perSecond: 1, burst: 20, namesMax };

const signInPath = /^\/(?:v1\/sign-in-links|sign-in)\/?$/i;

/** Refuses who asks too often, before anything is parsed or looked up. */
export function throttle(): (request: Request, response: Response, next: NextFunction) => void {
  const keys = new TokenBuckets(perKey);
  const addresses = new TokenBuckets(perAddress);
  const signIns = new TokenBuckets(perSignIn);
  return (request, response, next) => {
    const nowMs = performance.now();
    const address = request.socket.remoteAddress ?? 'unknown';
    const key = presentedKey(request)?.key;
    const waits = [
      addresses.take(address, nowMs),
      key ? keys.take(hashKey(key), nowMs) : 0,
      signInPath.test(request.path) ? signIns.take(address, nowMs) : 0,
    ];
    const seconds = Math.ceil(Math.max(...waits));
    if (seconds === 0) return next();
    response.setHeader('Retry-After', String(seconds));
    next(new HartoError('RATE_LIMITED', `too many requests; try again in ${seconds} s`));
  };
}
