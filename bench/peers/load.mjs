import autocannon from 'autocannon';

export async function load({ url, headers, body, seconds, connections }) {
  const result = await autocannon({ url, method: 'POST', headers, body, duration: seconds, connections });
  const statuses = Object.entries(result.statusCodeStats ?? {}).map(([status]) => Number(status));
  return {
    perSecond: result.requests.total / result.duration,
    p99Ms: result.latency.p99,
    statuses,
    failed: result.errors + result.timeouts,
  };
}
