import { runService } from '@hartonomous/service-kit';
import { ActModule } from './act.module.js';

await runService({ name: 'act', module: ActModule });
