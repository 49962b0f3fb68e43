import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { HartoError, newId } from '@hartonomous/contracts';
import type { ServiceConfig } from '@hartonomous/service-kit';
import type { INestApplication } from '@nestjs/common';
import express, { type Application, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { throttle } from './throttle.js';

const pageFolder = fileURLToPath(new URL('../../page', import.meta.url));
const portsTried = 20;

const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
    },
  },
  strictTransportSecurity: false,
});

/** Names the request in its answer, in a problem document and in the log. */
function nameRequest(_request: Request, response: Response, next: NextFunction): void {
  const requestId = newId();
  response.locals['requestId'] = requestId;
  response.setHeader('X-Request-Id', requestId);
  next();
}

/** Headers, limits and the page; everything else is refused by the guard or the routes. */
export function configureHttp(app: INestApplication): void {
  const server = app.getHttpAdapter().getInstance() as Application;
  server.disable('x-powered-by');
  app.use(nameRequest, securityHeaders, throttle());
  // What the API says is somebody's data: no cache between may keep it.
  app.use('/v1', (_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.use(express.static(pageFolder, { index: 'index.html', maxAge: 0 }));
}

/** Listens on the port or the next free one; a taken port is not an error, and the one in use is named. */
export async function listenHttp(app: INestApplication, config: ServiceConfig): Promise<{ port: number }> {
  const { host, port } = config;
  const last = Math.min(65_535, port + portsTried - 1);
  for (let wanted = port; wanted <= last; wanted++) {
    if (!(await isFree(wanted, host))) continue;
    try {
      await app.listen(wanted, host);
    } catch (error) {
      // Taken since the look.
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    const server = app.getHttpServer() as Server;
    server.headersTimeout = 10_000;
    server.requestTimeout = 30_000;
    return { port: (server.address() as AddressInfo).port };
  }
  throw new HartoError('ENGINE_START_FAILED', `ports ${port} to ${last} are all taken; set PORT`);
}

/** Looked at beforehand, because Nest logs a failed start as an error. */
async function isFree(port: number, host: string): Promise<boolean> {
  if (port === 0) return true;
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    throw new HartoError('CONFIG_INVALID', `cannot listen on ${host}:${port} (${code ?? message})`, {
      cause: error,
    });
  } finally {
    probe.close();
  }
}
