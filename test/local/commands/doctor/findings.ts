import type { Finding, Remark } from '../../../../local/commands/doctor/finding.ts';

/** The findings among remarks, once all have come. */
export async function findingsIn(remarks: AsyncIterable<Remark>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const remark of remarks) if ('verdict' in remark) findings.push(remark);
  return findings;
}
