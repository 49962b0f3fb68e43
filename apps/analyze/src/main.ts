import { runService } from '@hartonomous/service-kit';
import { AnalyzeModule } from './analyze.module.js';

await runService({ name: 'analyze', module: AnalyzeModule });
