import { render } from 'preact';
import { App } from './app';
import './style/theme.css';
import './style/base.css';
import './style/controls.css';
import './style/frame.css';
import './style/search.css';
import './style/trace.css';
import './style/timeline.css';
import './style/detail.css';
import './style/map.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
