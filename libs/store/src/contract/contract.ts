import { analysisContract } from './analysis-contract.js';
import { auditContract } from './audit-contract.js';
import { computeContract } from './compute-contract.js';
import { conceptsContract } from './concepts-contract.js';
import { concurrencyContract } from './concurrency-contract.js';
import { corpusContract } from './corpus-contract.js';
import type { EngineFixture } from './fixture.js';
import { embeddingsContract } from './embeddings-contract.js';
import { historyContract } from './history-contract.js';
import { layersContract } from './layers-contract.js';
import { isolationContract } from './isolation-contract.js';
import { ledgerContract } from './ledger-contract.js';
import { loopContract } from './loop-contract.js';
import { modelsContract } from './models-contract.js';
import { overlayContract } from './overlay-contract.js';
import { plumbingContract } from './plumbing-contract.js';
import { provenanceContract } from './provenance-contract.js';
import { servingContract } from './serving-contract.js';
import { snapshotsContract } from './snapshots-contract.js';
import { statisticsContract } from './statistics-contract.js';
import { systemContract } from './system-contract.js';
import { tensorsContract } from './tensors-contract.js';
import { trainingContract } from './training-contract.js';

/** What every engine must do. */
export function storeContract(fixture: EngineFixture, sizes: { transactions: number }): void {
  plumbingContract(fixture);
  auditContract(fixture);
  systemContract(fixture);
  corpusContract(fixture);
  modelsContract(fixture);
  overlayContract(fixture);
  tensorsContract(fixture);
  layersContract(fixture);
  embeddingsContract(fixture);
  trainingContract(fixture);
  ledgerContract(fixture);
  snapshotsContract(fixture);
  provenanceContract(fixture);
  historyContract(fixture, 50);
  servingContract(fixture);
  analysisContract(fixture);
  conceptsContract(fixture);
  statisticsContract(fixture);
  loopContract(fixture);
  computeContract(fixture);
  isolationContract(fixture);
  concurrencyContract(fixture, sizes);
}
