// The rows of the table that have all the words of the field, in their name, kind or rule.
(() => {
  const field = document.getElementById("filter");
  const count = document.getElementById("count");
  const rows = [...document.querySelectorAll("#rules tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      shown += !row.hidden;
    });
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  const asked = new URLSearchParams(location.search).get("filter");
  if (asked) field.value = asked;
  field.addEventListener("input", show);
  show();
})();
