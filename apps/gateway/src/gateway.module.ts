import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Computations } from './compute/computations.service.js';
import { EndedHandler } from './compute/ended.handler.js';
import { PublicQueue } from './compute/public-queue.js';
import { AccessGuard } from './http/access.guard.js';
import { ProblemFilter } from './http/problem.filter.js';
import { LearnedHandler } from './learned.handler.js';
import { LoopCommands } from './loop-commands.js';
import { ComputeController } from './routes/compute.controller.js';
import { EventsController } from './routes/events.controller.js';
import { HealthController } from './routes/health.controller.js';
import { LoopController } from './routes/loop.controller.js';
import { ModelsController } from './routes/models.controller.js';
import { ProvenanceController } from './routes/provenance.controller.js';
import { SearchController } from './routes/search.controller.js';
import { SessionController } from './routes/session.controller.js';
import { SnapshotsController } from './routes/snapshots.controller.js';
import { StatusController } from './routes/status.controller.js';
import { SearchService } from './search.service.js';
import { StatusService } from './status.service.js';

@Module({
  controllers: [
    ComputeController,
    EndedHandler,
    EventsController,
    HealthController,
    LearnedHandler,
    LoopController,
    ModelsController,
    ProvenanceController,
    SearchController,
    SessionController,
    SnapshotsController,
    StatusController,
  ],
  providers: [
    Computations,
    LoopCommands,
    PublicQueue,
    SearchService,
    StatusService,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class GatewayModule {}
