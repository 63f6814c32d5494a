/** Made by local/build/bundle.ts from sources.yaml and package.json. */
declare module 'virtual:configuration' {
  const configuration: import('./compiled-source.ts').Configuration;
  export default configuration;
}
