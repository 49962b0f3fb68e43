import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { HartoError } from '@hartonomous/contracts';
import type { INestApplication } from '@nestjs/common';
import express, { type Application } from 'express';
import helmet from 'helmet';

const pageFolder = fileURLToPath(new URL('../../page', import.meta.url));
const portsTried = 20;

/** Headers, limits and the page; everything else is refused by the guard or the routes. */
export function configureHttp(app: INestApplication): void {
  const server = app.getHttpAdapter().getInstance() as Application;
  server.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'self'"],
          'style-src': ["'self'", "'unsafe-inline'"],
          'img-src': ["'self'", 'data:'],
          'object-src': ["'none'"],
          'frame-ancestors': ["'none'"],
          'base-uri': ["'none'"],
          'form-action': ["'self'"],
        },
      },
      strictTransportSecurity: false,
    }),
  );
  app.use(express.static(pageFolder, { index: 'index.html', maxAge: 0 }));
}

/** Listens on the port or the next free one; a taken port is not an error, and the one in use is named. */
export async function listenHttp(app: INestApplication, port: number): Promise<{ port: number }> {
  for (let offset = 0; offset < portsTried; offset++) {
    try {
      await app.listen(port === 0 ? 0 : port + offset, '127.0.0.1');
      const server = app.getHttpServer() as Server;
      server.headersTimeout = 10_000;
      server.requestTimeout = 30_000;
      return { port: (server.address() as AddressInfo).port };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new HartoError(
    'ENGINE_START_FAILED',
    `ports ${port} to ${port + portsTried - 1} are all taken; set PORT`,
  );
}
