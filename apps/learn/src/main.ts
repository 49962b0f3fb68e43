import { runService } from '@hartonomous/service-kit';
import { LearnModule } from './learn.module.js';

await runService({ name: 'learn', module: LearnModule });
