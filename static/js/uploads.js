// A file that is too large is told before it travels; the server says the same where there is no script.
for (const input of document.querySelectorAll("input[type=file][data-largest]")) {
  const note = document.createElement("p");
  note.className = "field-error";
  note.id = `${input.id}_too_large`;
  note.setAttribute("role", "alert");
  const isTooLarge = () => [...input.files].some((file) => file.size > Number(input.dataset.largest));
  const show = () => {
    const wrong = isTooLarge();
    note.textContent = wrong ? input.dataset.tooLarge : "";
    input.closest(".field")?.classList.toggle("has-error", wrong);
    input.setAttribute("aria-invalid", String(wrong));
    if (wrong) input.before(note);
    else note.remove();
  };
  input.addEventListener("change", show);
  input.form?.addEventListener("submit", (event) => {
    if (!isTooLarge()) return;
    event.preventDefault();
    show();
    input.focus();
  });
}
