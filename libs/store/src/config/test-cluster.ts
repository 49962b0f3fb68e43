/** Superuser URL of the test run's PostgreSQL cluster. */
export function testClusterUrl(): string {
  const url = process.env['HARTO_TEST_PG'];
  if (!url) throw new Error('HARTO_TEST_PG does not name a test cluster: run the tests by npm test');
  return url;
}
