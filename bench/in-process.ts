// Runs a part of the benchmark in a process whose standard output goes nowhere, for the function writes its log there, and
// sends what it found.
import { growth } from './growth.ts';
import { requestCost } from './request-cost.ts';

const [, , part, folder = '', rounds = ''] = process.argv;
const measure = part === 'growth' ? growth : requestCost;
const findings = await measure(folder, Number(rounds));
process.send?.(findings, () => process.exit(0));
