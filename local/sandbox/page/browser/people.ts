import type { MessageView, TaskView } from '../view.ts';
import { find, Keyed, make, say } from './dom.ts';

interface MessagePart {
  root: HTMLElement;
  channels: HTMLElement;
  time: HTMLElement;
  first: HTMLElement;
  rest: HTMLElement;
}

/** What the channels were told, as text. */
export function showMessages(): {
  put: (key: string, message: MessageView) => void;
  remove: (key: string) => void;
  clear: () => void;
} {
  const list = find('messages', HTMLDivElement);
  const empty = make('p', {
    class: 'hint',
    text: 'Nothing yet. A task tells people when a rollback has begun.',
  });
  list.before(empty);
  const messages = new Keyed<MessageView, MessagePart>(list, makeMessage, (part, { at, channels, text }) => {
    const [first = '', ...rest] = text.split('\n');
    say(part.channels, channels.join(', '));
    say(part.time, new Date(at).toLocaleTimeString('en-GB'));
    say(part.first, first);
    say(part.rest, rest.join('\n'));
  });
  return {
    put: (key, message) => {
      empty.hidden = true;
      messages.put(key, message);
    },
    remove: (key) => {
      messages.remove(key);
    },
    clear: () => {
      messages.clear();
      empty.hidden = false;
    },
  };
}

function makeMessage(): MessagePart {
  const channels = make('strong');
  const time = make('time');
  const first = make('span');
  const rest = make('p');
  const head = make('div', { class: 'told' }, channels, time);
  const root = make('details', { class: 'message' }, make('summary', {}, first), rest);
  return { root: make('article', {}, head, root), channels, time, first, rest };
}

interface TaskPart {
  root: HTMLElement;
  id: HTMLElement;
  status: HTMLElement;
  why: HTMLElement;
}

/** The tasks of the follow function. */
export function showTasks(): (tasks: readonly TaskView[]) => void {
  const list = find('tasks', HTMLUListElement);
  const tasks = new Keyed<TaskView, TaskPart>(list, makeTask, (part, task) => {
    part.root.dataset['tone'] = task.tone;
    say(part.id, task.taskId);
    say(
      part.status,
      `${task.status}${durationOf(task)}${task.retries > 0 ? ` · tried again: ${task.retries}` : ''}`,
    );
    say(part.why, task.errorMessage ?? '');
  });
  return (views) => {
    tasks.show(views.map((task) => [task.taskId, task]));
  };
}

function makeTask(): TaskPart {
  const id = make('code');
  const status = make('span', { class: 'status' });
  const why = make('small');
  return { root: make('li', {}, id, status, why), id, status, why };
}

function durationOf({ startedAt, endedAt }: TaskView): string {
  if (startedAt === undefined || endedAt === undefined) return '';
  return ` in ${((endedAt - startedAt) / 1000).toFixed(1)} s`;
}
