// `npm run tsql:record`: writes what the SQL Server adapter sends, by method of the port, to sql/mssql/statements.json, and
// lists in sql/mssql/executed.json what no server has carried out yet as pending. Needs a build, and no server.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  'libs/store/dist/engines/mssql/recording',
);
const load = (name) => import(pathToFileURL(join(folder, name)));
const [{ recordStatements }, { saveRecording }] = [await load('record.js'), await load('registry.js')];
const { counts } = await saveRecording(await recordStatements(), null);
console.log(
  `statements carried out by a server: ${counts.statements}; core files: ${counts.files}; pending: ${counts.pending}`,
);
