import type { Language } from '../../../functions/lib/language.ts';
import type { PageView } from '../../../functions/webhook/confirm/page/view.ts';

/** A release at three in the morning in China, two of its five batches done, and an alert. */
export function typicalView(language: Language): PageView {
  const at = (time: string) => Date.parse(`2026-01-01T${time}Z`);
  const isChinese = language === 'zh';
  return {
    language,
    app: { id: '3616cdca-4f92-4413-8d0c-6f6a5b1c9e21', name: 'checkout' },
    change: {
      changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
      description: isChinese
        ? '版本:2.4.0 | 包名:checkout.jar'
        : 'Version: 2.4.0 | Package Name: checkout.jar',
      status: 1,
      batches: { done: 2, total: 5 },
      startedAt: at('18:48:00'),
    },
    asked: {
      source: 'alertmanager',
      summary: isChinese ? 'checkout 的请求有 12% 失败' : '12% of the requests to checkout fail',
      problemStartedAt: at('18:56:00'),
      requestedAt: at('18:58:00'),
      expiresAt: at('19:13:00'),
    },
    stage: {
      stage: 'open',
      does: 'stop_change',
      shown: 'typical',
      instances: {
        total: 10,
        healthy: 10,
        versions: [
          { version: '2.3.9', count: 6 },
          { version: '2.4.0', count: 4 },
        ],
      },
    },
    consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-hangzhou',
    seenAt: at('19:00:00'),
  };
}
