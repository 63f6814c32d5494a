export { createConfirm } from './confirm.ts';
