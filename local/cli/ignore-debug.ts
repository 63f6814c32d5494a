// The clients of Alibaba Cloud bring `debug`, which reads DEBUG when it is loaded, and then prints whole requests and answers:
// security tokens, and what KMS says. The bundle has a replacement that prints nothing; a command loads the packages
// themselves. So every command imports this file, and first of all: what is imported is run in the order of the imports.
if (process.env['DEBUG']) {
  console.error(
    'DEBUG is ignored: with it, the clients of Alibaba Cloud would print secrets and security tokens.',
  );
}
delete process.env['DEBUG'];
