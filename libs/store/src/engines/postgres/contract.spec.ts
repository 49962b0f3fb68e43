import { storeContract } from '../../contract/contract.js';
import { postgresFixture } from './postgres-fixture.js';

storeContract(postgresFixture, { transactions: 5_000 });
