import { Drawer, type MantineColorsTuple, Modal, createTheme } from '@mantine/core';

const cobalt: MantineColorsTuple = [
  '#edf0fd',
  '#d7defa',
  '#b9c6f7',
  '#93a9ff',
  '#6d87f0',
  '#4a6cf0',
  '#3557e0',
  '#2b49c4',
  '#243da3',
  '#1b2e7d',
];

/** Mantine gives behaviour and accessibility; the look comes from tokens.css and mantine.css. */
export const theme = createTheme({
  colors: { cobalt },
  primaryColor: 'cobalt',
  primaryShade: 6,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '16px' },
  defaultRadius: 7,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: Modal.extend({
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        // Its head stays where it is: in the middle, what comes later would move the button that is about to be clicked.
        yOffset: '9dvh',
        // A dialog's head is not the page's.
        attributes: { header: { role: 'presentation' } },
      },
    }),
    Drawer: Drawer.extend({
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: { role: 'presentation' } },
      },
    }),
  },
});
