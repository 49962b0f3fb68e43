import type { Finding, Incident } from '@hartonomous/contracts';

/** What was in common, so that one cause is not counted once per symptom. */
const scopesOf = (finding: Finding): string[] => {
  const { scope, definition } = finding.facts as { scope?: string; definition?: { table?: string } };
  return [scope, definition?.table && `table:${definition.table}`].filter((s) => typeof s === 'string');
};

/** Findings that share a stratum, a table or a statement are one incident; severities add up like chances. */
export function mergeIncidents(findings: readonly Finding[]): Incident[] {
  const groups: { scopes: Set<string>; findings: number[] }[] = [];
  findings.forEach((finding, i) => {
    const scopes = scopesOf(finding);
    const joined = groups.filter((g) => scopes.some((s) => g.scopes.has(s)));
    const merged = { scopes: new Set(scopes), findings: [i] };
    for (const group of joined) {
      for (const scope of group.scopes) merged.scopes.add(scope);
      merged.findings.unshift(...group.findings);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(merged);
  });
  return groups
    .map((group) => {
      const own = group.findings.map((i) => findings[i]!);
      const calm = own.reduce((product, f) => product * (1 - Math.min(1, Math.max(0, f.severity))), 1);
      return {
        severity: 1 - calm,
        findings: group.findings.sort((a, b) => a - b),
        scopes: [...group.scopes],
      };
    })
    .sort((a, b) => b.severity - a.severity);
}
