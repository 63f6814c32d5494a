import { expect, test } from 'vitest';
import { openBrowser } from '../../../../local/commands/screenshots/open-browser.ts';

test('a browser that does not start is named, with the setting that names another one', async () => {
  await expect(openBrowser({ BROWSER_PATH: '/no/such/browser' })).rejects.toThrow(
    /^The browser \/no\/such\/browser does not start: .*\nSet BROWSER_PATH to the program of a Chromium/s,
  );
});
