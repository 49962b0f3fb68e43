import { runService } from '@hartonomous/service-kit';
import { HypothesizeModule } from './hypothesize.module.js';

await runService({ name: 'hypothesize', module: HypothesizeModule });
