// The lists rendered where no browser is: nothing is asked for, and nothing stays open.
import assert from "node:assert/strict";
import { createElement } from "react";
import { renderToString as react } from "react-dom/server";
import { render as svelte } from "svelte/server";
import { createSSRApp } from "vue";
import { renderToString as vue } from "vue/server-renderer";
import { Posts as ReactPosts } from "./react/src/Posts";
import SveltePosts from "./svelte/src/Posts.svelte";
import VuePosts from "./vue/src/Posts.vue";

const asked = [];
globalThis.fetch = async (url) => asked.push(url);
globalThis.EventSource = class {
  constructor(url) {
    asked.push(url);
  }
};

const pages = [react(createElement(ReactPosts)), svelte(SveltePosts).body, await vue(createSSRApp(VuePosts))];
for (const page of pages) assert.match(page, /<ul aria-busy="true">(<!--.*?-->)*<\/ul>/);
await new Promise((resolve) => setTimeout(resolve));
assert.deepEqual(asked, []);
