const belowExecute = ['select', 'secrets', 'claim', 'rollback', 'edas', 'kms', 'alibaba', 'platform', 'lib'];

/**
 * The layers of this project, part of `npm run lint`: docs/decisions/0012-rooms-layers-and-words.md says why. An import of a type counts
 * like any other.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Files that import each other can only be read together: move what both need below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...['webhook', 'events'].map((room) => mayImportOnly(room, ['execute', ...belowExecute])),
    mayImportOnly('follow', ['claim', 'rollback', 'edas', 'alibaba', 'platform', 'lib']),
    mayImportOnly('execute', belowExecute),
    mayImportOnly('select', ['rollback', 'lib']),
    mayImportOnly('secrets', ['kms', 'platform', 'lib']),
    mayImportOnly('claim', ['rollback', 'edas', 'alibaba', 'platform', 'lib']),
    mayImportOnly('rollback', ['edas', 'alibaba', 'lib']),
    mayImportOnly('edas', ['alibaba', 'lib']),
    mayImportOnly('kms', ['alibaba', 'lib']),
    mayImportOnly('platform', ['alibaba', 'lib']),
    mayImportOnly('alibaba', ['lib']),
    mayImportOnly('lib', []),
    {
      name: 'functions-stand-alone',
      comment: 'What runs in Function Compute knows nothing of the tools that build, try and test it.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(local|presets|test|bench)/' },
    },
    {
      name: 'webhook-parts',
      comment:
        'Inside the webhook: reply and payload may read a source and what verify knows, never the other way.',
      severity: 'error',
      from: { path: '^functions/webhook/(source|verify)/' },
      to: { path: '^functions/webhook/', pathNot: '^functions/webhook/(source|verify)/' },
    },
    {
      name: 'verify-stands-alone',
      comment: 'The gate is read and tested without anything of the webhook around it.',
      severity: 'error',
      from: { path: '^functions/webhook/verify/' },
      to: { path: '^functions/webhook/', pathNot: '^functions/webhook/verify/' },
    },
    {
      name: 'two-files-at-the-top',
      comment:
        'functions/ has rooms, the catalogue of errors, and the contract between its functions (task.ts).',
      severity: 'error',
      from: { path: '^functions/[^/]+$', pathNot: '^functions/(errors|task)\\.ts$' },
      to: {},
    },
    {
      name: 'presets-are-data',
      comment:
        'A preset is what is known of a sender: it needs the types of a source, and nothing that runs.',
      severity: 'error',
      from: { path: '^presets/' },
      to: { path: '^(functions|local|test)/', dependencyTypesNot: ['type-only'] },
    },
    localMayImportOnly('cli', []),
    localMayImportOnly('build', ['cli']),
    localMayImportOnly('setup', ['cli', 'build']),
    localMayImportOnly('stand-ins', ['cli']),
    localMayImportOnly('signing', ['cli', 'build']),
    localMayImportOnly('sandbox', ['cli', 'build', 'stand-ins', 'signing']),
    {
      name: 'product-without-tests',
      comment: 'Tests import the product, never the other way.',
      severity: 'error',
      from: { path: '^(functions|presets|local|bench)/' },
      to: { path: '^test/' },
    },
    {
      name: 'unresolvable',
      comment: 'An import that leads nowhere would escape every rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // They need packages that are installed for the benchmarks only.
    exclude: { path: '^bench/peers/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.mts', '.cjs', '.mjs', '.js', '.d.ts'] },
  },
};

/** Imports point downwards: webhook, events → execute → select, secrets, claim → rollback → edas, kms → alibaba → lib. See decision 0018. */
function mayImportOnly(room, below) {
  const allowed = [
    `functions/(${[room, ...below].join('|')})/`,
    'functions/errors\\.ts',
    'functions/task\\.ts',
  ];
  const knowsTasks = ['claim', 'select', 'execute', 'webhook', 'follow', 'events'].includes(room);
  const own = knowsTasks ? allowed : allowed.slice(0, 2);
  return {
    name: `${room}-imports-downwards`,
    comment: `functions/${room} may import ${below.join(', ') || 'no other room'} and errors.ts.`,
    severity: 'error',
    from: { path: `^functions/${room}/` },
    to: { path: '^functions/', pathNot: `^(${own.join('|')})` },
  };
}

/** The tools: commands → sandbox → stand-ins, signing, build → cli. */
function localMayImportOnly(room, below) {
  return {
    name: `local-${room}-imports-downwards`,
    comment: `local/${room} may import ${below.map((each) => `local/${each}`).join(', ') || 'no other room of local/'}.`,
    severity: 'error',
    from: { path: `^local/${room}/` },
    to: { path: '^local/', pathNot: `^local/(${[room, ...below].join('|')})/` },
  };
}
