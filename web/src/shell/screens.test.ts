import { describe, expect, it } from 'vitest';

import type { Right } from '../api/types';
import { deniedAt, screensFor } from './screens';

const names = (rights: Right[]) => screensFor(rights).map((screen) => screen.name);

describe('the screens of a role', () => {
  it('are few for a viewer, and without rules and set-up for an analyst', () => {
    expect(names(['watch'])).toEqual(['Replays', 'Settings', 'Status']);
    const analyst = names(['watch', 'report', 'edit', 'export', 'share']);
    expect(analyst).toContain('Insights');
    expect(analyst).not.toContain('Privacy');
    expect(analyst).not.toContain('Install');
  });

  it('are told apart by their whole address', () => {
    const project = { project_id: 'p', rights: ['watch'] as Right[] };
    expect(deniedAt('/projects/p/insights', project)?.name).toBe('Insights');
    expect(deniedAt('/projects/p/boards/one', project)?.name).toBe('Boards');
    expect(deniedAt('/projects/p/replays/one', project)).toBeUndefined();
    expect(deniedAt('/projects/p/insightsful', project)).toBeUndefined();
  });
});
