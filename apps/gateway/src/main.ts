import { runService } from '@hartonomous/service-kit';
import { GatewayModule } from './gateway.module.js';
import { configureHttp, listenHttp } from './http/serve.js';

await runService({
  name: 'gateway',
  module: GatewayModule,
  http: { configure: configureHttp, listen: listenHttp },
});
