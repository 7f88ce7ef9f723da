// Files that are dropped anywhere on the page go to its uploader, one at a time.
export default {
  props: { uploader: Number },
  template: `<div class="drop" v-show="over" aria-hidden="true"><div>Drop a table or a model file</div></div>`,
  data: () => ({ over: false }),
  mounted() {
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    this.handlers = {
      dragover: (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        this.over = true;
      },
      dragleave: (event) => { if (!event.relatedTarget) this.over = false; },
      drop: (event) => {
        this.over = false;
        if (!hasFiles(event)) return;
        event.preventDefault();
        const files = [...event.dataTransfer.files];
        if (files.length === 1) getElement(this.uploader).$refs.qRef.addFiles(files);
        else this.$emit("several", files.length);
      },
    };
    for (const [name, handler] of Object.entries(this.handlers)) document.addEventListener(name, handler);
  },
  unmounted() {
    for (const [name, handler] of Object.entries(this.handlers)) document.removeEventListener(name, handler);
  },
};
